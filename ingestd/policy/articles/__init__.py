"""What an extracted article becomes, and when its page is visited again."""
