"""Presentation attack detection measured in the words of ISO/IEC 30107-3: recordings in, scorecard out."""
