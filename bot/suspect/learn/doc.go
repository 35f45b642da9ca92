// Package learn proposes weights for the ranking of suspects from incidents of which it is known what caused them.
//
// It answers: which table of weights would have named the guilty changes better, and by how much on incidents that it was not
// learnt from? It turns a few knobs (knobs.go), each of which moves one assumption for all changes alike, so that what is learnt can
// be read. Every knob is held to where the table stands: turning it by its width costs as much as half a unit of log loss of one incident. The
// more incidents speak for it, the further it turns; few incidents change little.
//
// The difference that it tells is cross-validated: a fifth of the incidents is judged by weights that were learnt from the other
// four, in turn. What is known only afterwards (verdicts, whether a rollback helped) is taken off an incident before it is ranked.
//
// It never applies what it proposes, asks no clock and no file, and says nothing of fewer than twenty incidents. It is blind to what
// people got wrong when they confirmed a change, and to incidents that nobody judged, which may be of another sort.
package learn
