"""Figures: the numbers that are drawn are computed apart from the drawing."""
