"""Least vertex covers of the subgraphs of one graph, exactly, by kernelisation and bounded branching.

Vertices are the bits of Python integers, so that a set is one number and its size is `int.bit_count`.
"""

from collections.abc import Iterator, Sequence


def members(vertices: int) -> Iterator[int]:
    """Yield the elements of a bitset, ascending."""
    while vertices:
        lowest = vertices & -vertices
        yield lowest.bit_length() - 1
        vertices ^= lowest


class CoverSolver:
    """Finds least vertex covers of the subgraphs that vertex sets induce, and remembers them by component.

    For a set S of vertices and a budget b, `least` returns a C ⊆ S that touches every edge inside S, with |C|
    least, if that is at most b. Before any branching: a vertex with more than b neighbours is in every such
    C; of a vertex with one neighbour, or with two that are adjacent, the neighbours are; components are
    solved apart, each with what the matchings of the others leave of b; bipartite components are matching
    problems (Kőnig); of the rest, half-integral relaxation decides all vertices but a set of which every
    cover needs half (Nemhauser and Trotter 1975). Only then a vertex of highest degree is taken, or in its
    place all its neighbours.

    Args:
        neighbours: for each vertex, the bitset of its neighbours; symmetric, without loops.
    """

    def __init__(self, neighbours: Sequence[int]):
        self.neighbours = tuple(neighbours)
        self._covers: dict[int, int] = {}
        self._bounds: dict[int, int] = {}

    def least(self, vertices: int, budget: int) -> int | None:
        """Return a least cover of the graph on ``vertices``, or None if it has more than ``budget``."""
        vertices, taken = self._reduce(vertices, budget)
        budget -= taken.bit_count()
        if budget < 0:
            return None
        components = list(self._components(vertices))
        bounds = [self._matching_bound(component) for component in components]
        spare = budget - sum(bounds)
        for component, bound in zip(components, bounds, strict=True):
            if spare < 0:
                return None
            cover = self._connected(component, bound + spare)
            if cover is None:
                return None
            spare -= cover.bit_count() - bound
            taken |= cover
        return taken

    def _reduce(self, vertices: int, budget: int) -> tuple[int, int]:
        """Take what any least cover within the budget may be assumed to take; drop vertices without edges."""
        taken, changed = 0, True
        while changed and budget >= 0:
            changed = False
            for vertex in members(vertices):
                if not vertices >> vertex & 1:
                    continue
                around = self.neighbours[vertex] & vertices
                degree = around.bit_count()
                if degree > budget:
                    pick = 1 << vertex
                elif degree == 1 or (degree == 2 and self._adjacent(around)):
                    pick = around
                elif degree == 0:
                    vertices ^= 1 << vertex
                    continue
                else:
                    continue
                vertices &= ~pick
                taken |= pick
                budget -= pick.bit_count()
                changed = True
                if budget < 0:
                    break
        return vertices, taken

    def _adjacent(self, pair: int) -> bool:
        return bool(self.neighbours[pair.bit_length() - 1] & pair)

    def _components(self, vertices: int) -> Iterator[int]:
        while vertices:
            component, border = 0, vertices & -vertices
            while border:
                component |= border
                reached = 0
                for vertex in members(border):
                    reached |= self.neighbours[vertex]
                border = reached & vertices & ~component
            vertices &= ~component
            yield component

    def _matching_bound(self, vertices: int) -> int:
        """Count the edges of a maximal matching: every cover has an end of each."""
        size = 0
        for vertex in members(vertices):
            if vertices >> vertex & 1:
                around = self.neighbours[vertex] & vertices
                if around:
                    vertices &= ~(1 << vertex | around & -around)
                    size += 1
        return size

    def _connected(self, component: int, budget: int) -> int | None:
        cover = self._covers.get(component)
        if cover is None and self._bounds.get(component, 0) <= budget:
            cover = self._bipartite(component)
            if cover is None:
                cover = self._relaxed(component, budget)
            if cover is None:
                self._bounds[component] = budget + 1
            else:
                self._covers[component] = cover
        return cover if cover is not None and cover.bit_count() <= budget else None

    def _bipartite(self, component: int) -> int | None:
        """Least cover of a connected bipartite graph from a matching (Kőnig), None if it has an odd cycle."""
        sides, border, turn = [0, 0], component & -component, 0
        while border:
            sides[turn] |= border
            reached = 0
            for vertex in members(border):
                reached |= self.neighbours[vertex] & component
            if reached & sides[turn]:
                return None
            turn ^= 1
            border = reached & ~sides[turn]
        left, right = self._alternating(sides[0], component)
        return sides[0] & ~left | right

    def _relaxed(self, component: int, budget: int) -> int | None:
        """Solve the linear relaxation; keep its ones, and branch on what it leaves at one half."""
        left, right = self._alternating(component, component)
        ones, zeros = right & ~left, left & ~right
        halves = component & ~(ones | zeros)
        if 2 * ones.bit_count() + halves.bit_count() > 2 * budget:
            return None
        if ones:
            rest = self.least(halves, budget - ones.bit_count())
            return None if rest is None else rest | ones
        return self._branch(component, budget)

    def _branch(self, component: int, budget: int) -> int | None:
        vertex = max(members(component), key=lambda v: (self.neighbours[v] & component).bit_count())
        single, around = 1 << vertex, self.neighbours[vertex] & component
        without = self.least(component ^ single, budget - 1)
        best = None if without is None else without | single
        limit = budget if best is None else best.bit_count() - 1
        rest = self.least(component & ~(single | around), limit - around.bit_count())
        return best if rest is None else rest | around

    def _alternating(self, lefts: int, rights: int) -> tuple[int, int]:
        """Match lefts to rights along edges; return what alternating paths reach from the unmatched lefts.

        The lefts not reached and the rights reached are a least cover of this bipartite graph.
        """
        partner: dict[int, int] = {}
        match: dict[int, int] = {}
        reached_left = reached_right = 0
        for start in members(lefts):
            # What a failed search reached stays closed: no later augmenting path can enter it.
            came_from: dict[int, int] = {}
            queue, seen_left, seen_right, end = [start], 1 << start, 0, -1
            for vertex in queue:
                fresh = self.neighbours[vertex] & rights & ~(seen_right | reached_right)
                seen_right |= fresh
                for right in members(fresh):
                    came_from[right] = vertex
                    if right not in partner:
                        end = right
                        break
                    queue.append(partner[right])
                    seen_left |= 1 << partner[right]
                if end >= 0:
                    break
            if end < 0:
                reached_left |= seen_left
                reached_right |= seen_right
            while end >= 0:
                vertex = came_from[end]
                partner[end] = vertex
                match[vertex], end = end, match.get(vertex, -1)
        return reached_left, reached_right
