"""The vocabulary all stages share: states, records, tracks and slices, and the frames codec.

Standard library only, and nothing of the other stages is imported here.
"""
