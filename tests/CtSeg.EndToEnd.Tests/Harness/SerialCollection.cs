namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>Every test drives several processes: one at a time is faster than two that starve each other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SerialCollection
{
    public const string Name = "serial";
}
