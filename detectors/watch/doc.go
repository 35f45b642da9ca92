// Package watch keeps the cadence: it asks each signal once an interval, keeps the answers in windows, lets the detectors judge
// and hands on the findings that changed.
//
// The question: what does each detector say now, and who has to hear of it? A tick asks the Source for what is missing since
// the last one (every signal once for all services together), puts the answers into window tiles, lets every detector judge
// and gives the Sink those findings whose verdict, severity or numbers changed, and firing ones again each refresh so that
// cards show fresh numbers. After a start or an outage of the source the missing stretches are asked for in bounded pieces,
// the newest first, while judging goes on.
//
// It never takes silence for health. A question that fails marks its stretch with the reason, detectors that read it say
// blind, and when sight is missing for two ticks Watch makes a finding of its own ("absent", about Firebreak itself), which
// goes quiet when sight is back.
//
// It knows no vendor: Source, Sink and Tiles are ports. Time comes from Config.Now and Config.Wait, so a demo may run faster
// than the clock on the wall.
package watch
