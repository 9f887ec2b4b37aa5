"""What the program can be told. One module for each command: words in, one job, words out."""
