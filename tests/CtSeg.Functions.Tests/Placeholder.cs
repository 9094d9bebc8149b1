namespace CtSeg.Functions.Tests; internal static class Placeholder { }
