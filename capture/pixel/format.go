package pixel

import "edged/capture/picture"

// What a picture is, under the names that this package's callers use.
type (
	FourCC = picture.FourCC
	Format = picture.Format
	Area   = picture.Area
	Crop   = picture.Crop

	Orientation = picture.Orientation
)

const (
	MJPEG  = picture.MJPEG
	JPEG   = picture.JPEG
	YUYV   = picture.YUYV
	UYVY   = picture.UYVY
	NV12   = picture.NV12
	NV21   = picture.NV21
	RGB24  = picture.RGB24
	BGR24  = picture.BGR24
	YVU420 = picture.YVU420
	YUV420 = picture.YUV420
	YUV422 = picture.YUV422
	YUV444 = picture.YUV444
	Grey   = picture.Grey

	Upright   = picture.Upright
	Turned180 = picture.Turned180
	Turned90  = picture.Turned90
	Turned270 = picture.Turned270
)
