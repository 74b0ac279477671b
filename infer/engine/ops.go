package engine

import (
	"strconv"

	"github.com/mattn/go-tflite"
)

// opNames are the names of the operators in models of this kind. schema.fbs of TFLite has the codes.
var opNames = map[tflite.BuiltinOperator]string{
	tflite.BuiltinOperator_ADD:                     "ADD",
	tflite.BuiltinOperator_AVERAGE_POOL_2D:         "AVERAGE_POOL_2D",
	tflite.BuiltinOperator_CONCATENATION:           "CONCATENATION",
	tflite.BuiltinOperator_CONV_2D:                 "CONV_2D",
	tflite.BuiltinOperator_DEPTHWISE_CONV_2D:       "DEPTHWISE_CONV_2D",
	tflite.BuiltinOperator_DEQUANTIZE:              "DEQUANTIZE",
	tflite.BuiltinOperator_FULLY_CONNECTED:         "FULLY_CONNECTED",
	tflite.BuiltinOperator_LOGISTIC:                "LOGISTIC",
	tflite.BuiltinOperator_MAX_POOL_2D:             "MAX_POOL_2D",
	tflite.BuiltinOperator_MUL:                     "MUL",
	tflite.BuiltinOperator_RELU:                    "RELU",
	tflite.BuiltinOperator_RELU6:                   "RELU6",
	tflite.BuiltinOperator_RESHAPE:                 "RESHAPE",
	tflite.BuiltinOperator_RESIZE_BILINEAR:         "RESIZE_BILINEAR",
	tflite.BuiltinOperator_SOFTMAX:                 "SOFTMAX",
	tflite.BuiltinOperator_TANH:                    "TANH",
	tflite.BuiltinOperator_CUSTOM:                  "CUSTOM",
	tflite.BuiltinOperator_PAD:                     "PAD",
	tflite.BuiltinOperator_GATHER:                  "GATHER",
	tflite.BuiltinOperator_TRANSPOSE:               "TRANSPOSE",
	tflite.BuiltinOperator_MEAN:                    "MEAN",
	tflite.BuiltinOperator_SUB:                     "SUB",
	tflite.BuiltinOperator_DIV:                     "DIV",
	tflite.BuiltinOperator_SQUEEZE:                 "SQUEEZE",
	tflite.BuiltinOperator_STRIDED_SLICE:           "STRIDED_SLICE",
	tflite.BuiltinOperator_SPLIT:                   "SPLIT",
	tflite.BuiltinOperator_CAST:                    "CAST",
	tflite.BuiltinOperator_PRELU:                   "PRELU",
	tflite.BuiltinOperator_MAXIMUM:                 "MAXIMUM",
	tflite.BuiltinOperator_MINIMUM:                 "MINIMUM",
	tflite.BuiltinOperator_PADV2:                   "PADV2",
	tflite.BuiltinOperator_SLICE:                   "SLICE",
	tflite.BuiltinOperator_EXPAND_DIMS:             "EXPAND_DIMS",
	tflite.BuiltinOperator_SUM:                     "SUM",
	tflite.BuiltinOperator_SHAPE:                   "SHAPE",
	tflite.BuiltinOperator_PACK:                    "PACK",
	tflite.BuiltinOperator_REDUCE_MAX:              "REDUCE_MAX",
	tflite.BuiltinOperator_RESIZE_NEAREST_NEIGHBOR: "RESIZE_NEAREST_NEIGHBOR",
	tflite.BuiltinOperator_LEAKY_RELU:              "LEAKY_RELU",
	tflite.BuiltinOperator_MIRROR_PAD:              "MIRROR_PAD",
	tflite.BuiltinOperator_QUANTIZE:                "QUANTIZE",
	117:                                            "HARD_SWISH", // not in go-tflite's list
	126:                                            "BATCH_MATMUL",
	150:                                            "GELU",
}

// opName returns the operator's name, or its code if it has none here.
func opName(code int) string {
	if name := opNames[tflite.BuiltinOperator(code)]; name != "" {
		return name
	}
	return "OP_" + strconv.Itoa(code)
}
