"""Writes the .npz files of this folder with real NumPy; tests/sketch/npz_test.cpp knows the numbers.

    python2.7 make_fixtures.py      (NumPy 1.16)    python2.npz
    python3.6 make_fixtures.py      (NumPy 1.19)    python3.6.npz
    python3 make_fixtures.py        (NumPy 2.4)     all others
"""
import io
import pickle
import sys
import zipfile

import numpy as np

LENGTHS = {'train': [4, 1, 7, 2, 3], 'valid': [3, 5], 'test': [6]}


def rows(index, length, offset=0.0):
    """The sketch that npz_test.cpp expects: dx in -20..20, dy in -18..18, and `offset` on both."""
    return np.array([[(index * 7 + r * 13) % 41 - 20 + offset, (index * 5 + r * 11) % 37 - 18 + offset,
                      r == length - 1] for r in range(length)])


def objects(split, dtype, order='C', offset=0.0):
    array = np.empty(len(LENGTHS[split]), object)
    for i, length in enumerate(LENGTHS[split]):
        array[i] = np.array(rows(i, length, offset), dtype, order=order)
    return array


def splits(dtype, offset=0.0, **orders):
    return {s: objects(s, dtype, orders.get(s, 'C'), offset) for s in ('train', 'valid', 'test')}


def save_pickled(name, arrays, protocol):
    """np.savez with the pickle protocol chosen."""
    with zipfile.ZipFile(name, 'w', zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            file = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                file, {'descr': '|O', 'fortran_order': False, 'shape': array.shape})
            file.write(pickle.dumps(array, protocol))
            archive.writestr(zipfile.ZipInfo(key + '.npy'), file.getvalue(), zipfile.ZIP_DEFLATED)


def block(dtype, order='C'):
    return np.array([rows(i, 4) for i in range(3)], dtype, order=order)


if sys.version_info[0] == 2:
    np.savez_compressed('python2.npz', **splits('<i2'))
elif sys.version_info[:2] == (3, 6):
    np.savez_compressed('python3.6.npz', **splits('<i2'))
else:
    for protocol in (2, 3, 4, 5):
        save_pickled('protocol%d.npz' % protocol, splits('<i2', valid='F'), protocol)
    np.savez('stored.npz', **splits('<i2'))
    # The Fortran order of valid and a big-endian twin of each dtype; uint8 holds the numbers moved by 20.
    for dtype in ('i1', 'i2', 'i4', 'i8', 'u1', 'f2', 'f4', 'f8'):
        offset = {'u1': 20.0, 'f2': 0.5, 'f4': 0.25, 'f8': 0.125}.get(dtype, 0.0)
        np.savez_compressed('little_%s.npz' % dtype, **splits('<' + dtype, offset, valid='F'))
        if dtype[1] != '1':
            np.savez_compressed('big_%s.npz' % dtype, **splits('>' + dtype, offset, valid='F'))
    np.savez_compressed('block.npz', train=block('<i2'), valid=block('>f4', 'F'), test=block('u1')[:0])
    nested = {}
    for key, value in splits('<i2').items():
        nested[key] = np.empty((), object)
        nested[key][()] = value
    np.savez_compressed('nested.npz', **nested)
    as_objects = np.array([rows(i, 4) for i in range(3)], np.int16).astype(object)
    np.savez_compressed('block_of_objects.npz', train=as_objects, valid=as_objects.astype(float).astype(object))
    empty = np.empty(2, object)
    empty[0], empty[1] = np.zeros((0, 3), np.int16), np.array(rows(0, 2), np.int16)
    save_pickled('empty_sketch.npz', {'train': empty}, 2)
    for major in (2, 3):
        file = io.BytesIO()
        np.lib.format.write_array(file, objects('train', '<i2'), (major, 0))
        with zipfile.ZipFile('version%d.npz' % major, 'w') as archive:
            archive.writestr(zipfile.ZipInfo('train.npy'), file.getvalue())
    np.savez_compressed('no_train.npz', valid=objects('valid', '<i2'), images=np.zeros(3))
    with_nan = objects('train', '<f4')
    with_nan[2][3, 1] = np.nan
    np.savez_compressed('nan.npz', train=with_nan)
