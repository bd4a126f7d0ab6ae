"""What SECURITY.md promises, held against files and names made to do harm."""
