namespace CtSeg.Local.FunctionsHost;

/// <summary>A trigger that looks for work by itself; HTTP triggers are routes of the server instead.</summary>
internal interface ITrigger
{
    /// <summary>Runs until <paramref name="stopping"/>; then takes no new work and returns when the work at hand is done or <paramref name="abort"/> comes.</summary>
    Task RunAsync(CancellationToken stopping, CancellationToken abort);
}
