namespace CtSeg.Local.Tests; internal static class Placeholder { }
