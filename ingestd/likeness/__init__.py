"""What is the same story: a text in the form in which it is compared, and its hash."""
