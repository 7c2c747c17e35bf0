"""What an operator asks for, and what is learned of sites."""
