"""The BoltDB file format (bbolt 1.3.6): pages to values, read lazily from any buffer; changes to page writes."""
