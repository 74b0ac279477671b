// Command uvcsim is a USB camera in user space: it plugs itself into the running kernel through vhci_hcd, so that the
// real uvcvideo driver binds it, and plays a file of concatenated JPEGs in a loop, in real time.
//
//	uvcsim [-rate 15] [-serial SIM0001] [-isochronous] [-yuyv] CLIP.mjpeg
//
// It obeys one command a line on standard input, answers each with a line on standard output, and ends with its input:
//
//	plug [CLIP], unplug  the cable (it starts plugged); another clip may be of another size
//	next FAULT           the next frame has the fault
//	every FAULT          all frames have it, until "every intact"
//	full, free           whether the bus has no bandwidth left for a stream (ENOSPC); only with -isochronous
//
// FAULT is one of
//
//	error      the UVC error bit
//	truncated  two thirds of the picture missing, unflagged
//	garbage    no picture at all, unflagged
//	frozen     the frame that was sent before
//	silent     not sent
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("uvcsim: ")
	rate := flag.Int("rate", 15, "frames a second, of the camera and of the clip")
	serial := flag.String("serial", "SIM0001", "serial number")
	yuyv := flag.Bool("yuyv", false, "offer YUYV beside MJPEG")
	isochronous := flag.Bool("isochronous", false, "stream over an isochronous endpoint, as most webcams do, instead of a bulk one")
	flag.Parse()
	if flag.NArg() != 1 || *rate < 1 {
		log.Fatal("usage: uvcsim [-rate N] [-serial TEXT] [-isochronous] [-yuyv] CLIP.mjpeg")
	}
	clip, err := openClip(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	sim := &simulator{model: model{
		clip: clip, interval: time.Second / time.Duration(*rate), serial: *serial, isochronous: *isochronous, yuyv: *yuyv,
	}}
	if err := sim.obey(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// simulator is the hand that holds the camera's cable.
type simulator struct {
	model   model
	plugged *camera // nil while the cable is out
}

// obey plugs the camera in and carries out the commands read from in until its end.
func (s *simulator) obey(in io.Reader, out io.Writer) error {
	if err := s.do("plug"); err != nil {
		return err
	}
	fmt.Fprintf(out, "plug: %d JPEGs of %dx%d\n", len(s.model.clip.frames), s.model.clip.width, s.model.clip.height)
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		if err := s.do(commands.Text()); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: done\n", commands.Text())
	}
	return commands.Err()
}

func (s *simulator) do(command string) error {
	verb, object, _ := strings.Cut(command, " ")
	switch {
	case verb == "plug" && s.plugged == nil:
		return s.plug(object)
	case s.plugged == nil:
		return fmt.Errorf("%s: the camera is unplugged", command)
	case command == "unplug":
		s.plugged.close()
		s.plugged = nil
		return nil
	case command == "full", command == "free":
		s.plugged.crowd(command == "full")
		return nil
	}
	fault, ok := faults[object]
	if !ok || verb != "next" && verb != "every" {
		return fmt.Errorf("unknown command %q", command)
	}
	s.plugged.spoilFrames(fault, verb == "every")
	return nil
}

func (s *simulator) plug(clip string) (err error) {
	if clip != "" {
		if s.model.clip, err = openClip(clip); err != nil {
			return err
		}
	}
	end, err := attach()
	if err != nil {
		return err
	}
	s.plugged = newCamera(s.model, end)
	go s.plugged.run()
	return nil
}
