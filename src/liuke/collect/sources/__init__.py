"""How does a shop's file become canonical rows?"""
