"""The refact/* protocol: messages, the method table and the schema made from them."""
