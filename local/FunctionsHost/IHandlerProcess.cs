namespace CtSeg.Local.FunctionsHost;

/// <summary>How a handler is started.</summary>
internal sealed record HandlerStart(string AppRoot, string ExecutablePath, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, int Port);

/// <summary>A running handler. Disposing kills it: there is no graceful stop.</summary>
internal interface IHandlerProcess : IAsyncDisposable
{
    Uri Address { get; }

    /// <value>Ends with a sentence that says how the handler ended.</value>
    Task<string> Exited { get; }
}
