// Package chart draws what happened: a signal over time, when it began, and which changes and actions fell where.
//
// It answers: what would a person see who looks for three seconds at a phone? One drawing plan is made from the chart (layout.go) and
// painted twice, as a PNG for chats and pages (png.go) and as an SVG for the web page (svg.go), so the two never differ; Alt says the
// same in words.
//
// The label of a marker never covers another label or the lines: labels stand in lanes above the plot, joined to their moment by a
// stem. What lies outside the chart's time is left out. A gap in the data is a gap in the line, and a wide one is marked; a chart
// without any data says so.
//
// It never reads a clock, a file or the network. The fonts are compiled in. Texts are data from outside: they are cut to their room,
// freed of control characters, and escaped in the SVG, which holds no script, no style attribute and no reference to anything
// outside itself.
package chart
