namespace CtSeg.ServiceBus.Tests; internal static class Placeholder { }
