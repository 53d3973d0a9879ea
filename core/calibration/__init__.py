"""What a similarity is worth: per embedding contract, the cosine at each false match rate."""

from core.calibration.store import NotCalibrated, calibration_for, write_table
from core.calibration.table import Calibration

__all__ = ["Calibration", "NotCalibrated", "calibration_for", "write_table"]
