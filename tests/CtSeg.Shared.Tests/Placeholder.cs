namespace CtSeg.Shared.Tests; internal static class Placeholder { }
