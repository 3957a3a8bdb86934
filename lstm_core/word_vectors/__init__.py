"""word_vectors"""
