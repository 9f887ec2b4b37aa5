import pytest

from hashmatch.custody import merkle

# The reference tree of the Certificate Transparency implementations.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_the_reference_roots_come_out(size):
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(9))
def test_a_longer_list_extends_every_shorter_one(size):
    assert merkle.extends(LEAVES, size, bytes.fromhex(ROOTS[size]))


def test_a_shorter_list_extends_nothing_longer():
    assert not merkle.extends(LEAVES[:7], 8, bytes.fromhex(ROOTS[8]))
    assert not merkle.extends(LEAVES[:7], 8, bytes.fromhex(ROOTS[7]))


def test_a_rewritten_list_does_not_extend_the_old_one():
    assert not merkle.extends([b"x", *LEAVES[1:]], 3, bytes.fromhex(ROOTS[3]))
    assert not merkle.extends(LEAVES[::-1], 8, bytes.fromhex(ROOTS[8]))


def test_a_leaf_is_not_taken_for_a_node():
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert merkle.root([left + right]) != merkle.root([b"a", b"b"])
    assert merkle.root([b"a", b"b"]) == merkle.node_hash(left, right)


def test_asking_for_the_root_does_not_change_the_tree():
    tree = merkle.Tree()
    for size, leaf in enumerate(LEAVES, start=1):
        tree.append(leaf)
        assert tree.size == size
        assert tree.root().hex() == tree.root().hex() == ROOTS[size]
