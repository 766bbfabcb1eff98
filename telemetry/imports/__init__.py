"""Import rules: how the files of one sender become samples."""
