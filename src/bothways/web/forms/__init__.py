"""The forms of a draft: what of an entry of the settings file they show, and the parts that are made of what was sent.

Pure functions on plain data. What a form says as it said before stays as it was, letter by letter; so does all that
no form shows.
"""
