namespace CtSeg.EndToEnd.Tests; internal static class Placeholder { }
