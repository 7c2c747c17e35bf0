"""The status page: one page that a person can read, made of what strangers wrote and hostile to none of it."""
