"""Columns of plain text as arrays, with NumPy alone.

``cells``     where the fields of a piece of text lie
``decimals``  numbers from fields
``texts``     texts as rows of 64-bit words, and their hashes
``shortest``  numbers as text
``printed``   numbers as C's printf writes them
"""
