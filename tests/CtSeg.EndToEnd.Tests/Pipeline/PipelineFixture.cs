using CtSeg.Contracts;
using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Pipeline;

/// <summary>One stack for all tests that do not break it. Each test uses names of its own.</summary>
public sealed class PipelineFixture : IAsyncLifetime
{
    public const int MaxUploadBytes = 400_000;
    private RunningStack? _stack;

    internal RunningStack Stack => _stack ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync() => _stack = await RunningStack.StartAsync(options => options with
    {
        Settings = new Dictionary<string, string> { [Settings.MaxUploadBytes] = MaxUploadBytes.ToString(System.Globalization.CultureInfo.InvariantCulture) },
    });

    public async ValueTask DisposeAsync()
    {
        if (_stack is not null)
            await _stack.DisposeAsync();
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class PipelineCollection : ICollectionFixture<PipelineFixture>
{
    public const string Name = "pipeline";
}
