"""What lies inside items: archives, documents, mail, thumbnail stores."""
