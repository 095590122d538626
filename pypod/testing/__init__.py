"""For the tests of what is built on pypod: laws as values."""
