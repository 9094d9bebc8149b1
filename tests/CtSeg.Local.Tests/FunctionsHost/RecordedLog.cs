using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>Keeps the host's log lines by their ids.</summary>
internal sealed class RecordedLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Line)> _lines = [];

    public bool Has(int id) => _lines.Any(line => line.Id == id);

    public IReadOnlyList<string> Lines(int id) => [.. _lines.Where(line => line.Id == id).Select(line => line.Line)];

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("CtSeg", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((eventId.Id, formatter(state, exception)));

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider)
    {
        // Lines are only recorded.
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
