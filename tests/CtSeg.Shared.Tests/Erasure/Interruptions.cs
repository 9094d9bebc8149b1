using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace CtSeg.Shared.Tests.Erasure;

/// <summary>The process ended here.</summary>
internal sealed class KilledException : Exception;

/// <summary>Stops or interrupts a client between its writes.</summary>
internal sealed class Interruptions : HttpPipelinePolicy
{
    private int _writes;

    /// <value>After so many writes that storage took, every further request ends the process.</value>
    public int? KillAfter { get; init; }

    /// <value>Called before the write with this number, from 0.</value>
    public (int Write, Func<Task> Call)? Before { get; init; }

    /// <value>Told every write that storage took.</value>
    public List<string>? Log { get; init; }

    /// <value>Writes that storage took.</value>
    public int Writes => _writes;

    public BlobServiceClient Connect(string account)
    {
        var options = new BlobClientOptions();
        options.AddPolicy(this, HttpPipelinePosition.PerCall);
        return new BlobServiceClient(account, options);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (_writes >= KillAfter)
            throw new KilledException();
        var isWrite = message.Request.Method == RequestMethod.Put || message.Request.Method == RequestMethod.Delete;
        if (isWrite && Before is var (write, call) && _writes == write)
        {
            _writes++;
            await call();
        }
        await ProcessNextAsync(message, pipeline);
        // Not IsError, which a condition that is not met leaves false.
        if (!isWrite || message.Response.Status >= 400)
            return;
        Interlocked.Increment(ref _writes);
        Log?.Add($"{message.Request.Method} {message.Request.Uri}");
    }
}
