package page

import (
	"io/fs"
	"net/http"

	"edged/capture/pixel"
	"edged/internal/pictures"
	"edged/record"
)

// info returns the clip that the request names. If there is none, it answers.
func (p *Page) info(w http.ResponseWriter, id string) *record.Clip {
	if p.Recorder == nil {
		clipProblem(w, fs.ErrNotExist)
		return nil
	}
	c, err := p.Recorder.Info(id)
	if err != nil {
		clipProblem(w, err)
		return nil
	}
	return c
}

func (p *Page) clip(w http.ResponseWriter, r *http.Request) {
	if c := p.info(w, r.PathValue("id")); c != nil {
		reply(w, c)
	}
}

func (p *Page) deleteClip(w http.ResponseWriter, r *http.Request) {
	if p.Recorder == nil {
		clipProblem(w, fs.ErrNotExist)
		return
	}
	p.remove(w, r.PathValue("id"))
}

// video sends the clip's file, or the range of it that is asked for.
func (p *Page) video(w http.ResponseWriter, r *http.Request) {
	c := p.info(w, r.PathValue("id"))
	if c == nil {
		return
	}
	f, err := p.Recorder.Video(c.ID)
	if err != nil {
		clipProblem(w, err)
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", "video/x-matroska")
	if r.URL.Query().Has("download") {
		h.Set("Content-Disposition", `attachment; filename="`+c.Camera+"-"+c.ID+`.mkv"`)
	}
	http.ServeContent(&slowResponse{w, p.slowWriter(w)}, r, "", c.Start, f)
}

// slowResponse is the answer with a file to a client that may read slowly.
type slowResponse struct {
	http.ResponseWriter
	slow *slowWriter
}

func (s *slowResponse) Write(b []byte) (int, error) {
	s.slow.extend()
	return s.ResponseWriter.Write(b)
}

const (
	thumbnailSide    = 320
	thumbnailQuality = 70
)

// thumbnails bounds the pictures that are made at once.
var thumbnails = make(chan struct{}, 2)

// thumbnail answers with a small picture of the event's start.
func (p *Page) thumbnail(w http.ResponseWriter, r *http.Request) {
	e, ok := p.find(w, r)
	if !ok {
		return
	}
	c := p.info(w, e.Clip)
	if c == nil {
		return
	}
	select {
	case thumbnails <- struct{}{}:
		defer func() { <-thumbnails }()
	case <-r.Context().Done():
		return
	}
	jpeg, err := p.small(c, e.Start.Sub(c.Start).Milliseconds())
	if err != nil {
		clipProblem(w, err)
		return
	}
	replyJPEG(w, jpeg)
}

// small reads the clip's picture at that time, in milliseconds, and makes it small.
func (p *Page) small(c *record.Clip, ms int64) ([]byte, error) {
	frame := c.Frames[len(c.Frames)-1]
	for _, f := range c.Frames {
		if f[0] >= ms {
			frame = f
			break
		}
	}
	video, err := p.Recorder.Video(c.ID)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	jpeg := make([]byte, frame[2])
	if _, err := video.ReadAt(jpeg, frame[1]); err != nil {
		return nil, err
	}
	width, height := pictures.Fit(c.Width, c.Height, thumbnailSide)
	d, err := pixel.NewDecoder(width, height)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	rgb := make([]byte, 3*width*height)
	if err := d.Decode(rgb, pixel.Format{FourCC: pixel.MJPEG}, jpeg); err != nil {
		return nil, err
	}
	return pixel.EncodeJPEG(rgb, width, height, thumbnailQuality)
}
