// Package people tells who somebody is, by the configuration: which name, which role, and which names of the configuration mean them.
//
// It answers: what may a person do who comes with a vendor's ID and belongs to some of the vendor's groups; and who could do it instead?
// Without a people section everybody who can reach Firebreak may do everything, as a small team wants it. With one, whoever is not named
// has the default role.
//
// It never asks a vendor who belongs to a group: that is told to it. It is blind to people who left and were not taken out.
package people
