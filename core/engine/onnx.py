"""onnxruntime sessions made with this process's thread budget."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime

from common.errors import EngineUnavailable
from core.engine.config import EngineConfig
from core.engine.prelu import split_prelu


def session_options(config: EngineConfig) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = config.intra_op_threads
    options.inter_op_num_threads = 1
    # Spinning threads burn the very cores the other workers need: 8 images a second instead of 27.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def require_providers(config: EngineConfig) -> list[str]:
    """The configured execution providers. Raises EngineUnavailable when this build lacks one."""
    available = onnxruntime.get_available_providers()
    missing = [name for name in config.providers if name not in available]
    if missing or not config.providers:
        raise EngineUnavailable(
            f"FACE_ENGINE_PROVIDERS names {', '.join(missing) or 'nothing'}; "
            f"this onnxruntime has {', '.join(available)}"
        )
    return list(config.providers)


def open_session(path: Path, config: EngineConfig) -> onnxruntime.InferenceSession:
    """Raises EngineUnavailable when the file is not a model that can run."""
    providers = require_providers(config)
    try:
        return onnxruntime.InferenceSession(
            _fast_model(path), sess_options=session_options(config), providers=providers
        )
    except Exception as error:
        raise EngineUnavailable(f"{path} cannot be loaded: {type(error).__name__}") from error


def _fast_model(path: Path) -> str | bytes:
    """The file where it can run as it is, else the same model written for speed."""
    model = onnx.load(str(path))
    return model.SerializeToString() if split_prelu(model) else str(path)
