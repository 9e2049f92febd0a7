"""Writes FLAC (RFC 9639), as LibriSpeech has it; nothing is compressed."""

import struct

import numpy as np

_BLOCK = 4096
_RATES = {8_000: 4, 16_000: 5}  # codes of a frame's header


def encode(samples, rate):
    """Return a file of one channel of 16 bits."""
    samples = np.asarray(samples, ">i2")
    # Rate, one channel, 16 bits, number of samples; then a digest, which is not given.
    facts = (rate << 44) | (0 << 41) | (15 << 36) | len(samples)
    info = struct.pack(">HH", _BLOCK, _BLOCK) + bytes(6) + facts.to_bytes(8) + bytes(16)
    last_block = 0x80
    head = b"fLaC" + bytes([last_block]) + len(info).to_bytes(3) + info
    starts = range(0, len(samples), _BLOCK)
    return head + b"".join(
        _frame(number, samples[start : start + _BLOCK], rate)
        for number, start in enumerate(starts)
    )


def _frame(number, samples, rate):
    size_follows, one_channel_of_16_bits = 7, 0b0000_1000
    header = bytes([0xFF, 0xF8, size_follows << 4 | _RATES[rate]])
    header += bytes([one_channel_of_16_bits])
    header += chr(number).encode() + struct.pack(">H", len(samples) - 1)
    header += bytes([_check(header, 0x07, 8)])
    frame = header + bytes([0b0000_0010]) + samples.tobytes()  # as they are
    return frame + _check(frame, 0x8005, 16).to_bytes(2)


def _check(content, polynomial, bits):
    """Return the remainder of a cyclic redundancy check."""
    remainder, top = 0, 1 << (bits - 1)
    for byte in content:
        remainder ^= byte << (bits - 8)
        for _ in range(8):
            shifted = remainder << 1 & (1 << bits) - 1
            remainder = shifted ^ polynomial if remainder & top else shifted
    return remainder
