using System.CommandLine;
using Azure;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging.Nifti;
using CtSeg.Scans;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>What the verbs of <c>data</c> share: the storage that they work on, and a sentence for all that may go wrong with it.</summary>
/// <param name="setting">Looks a setting up; null when it is not set.</param>
internal sealed class DataStorage(Func<string, string?> setting, TimeProvider time)
{
    /// <value>Part of the help of every verb.</value>
    public const string Help = """
        The storage is the one of the environment variable SlicesStorage (a connection string), or SlicesStorage__blobServiceUri
        (an address that is entered with the identity of the process); where neither is set, that of the system that
        ./ctseg up runs.
        """;

    public TimeProvider Time { get; } = time;

    /// <summary>Runs a verb, and says of what fails in one sentence why.</summary>
    /// <param name="work">Given the store, and the blob paths of documents that it left out so far.</param>
    public Task<int> RunAsync(ParseResult arguments, Func<DataSetStore, IReadOnlyCollection<string>, Task<int>> work) => RunAsync(arguments, storage =>
    {
        var damaged = new List<string>();
        var store = new DataSetStore(storage, Time)
        {
            Damaged = document =>
            {
                damaged.Add(document.BlobPath);
                arguments.InvocationConfiguration.Error.WriteLine($"{document.BlobPath} is left out: {document.Problem}");
            },
        };
        return work(store, damaged);
    });

    /// <summary>The same on all of the storage.</summary>
    public async Task<int> RunAsync(ParseResult arguments, Func<BlobServiceClient, Task<int>> work)
    {
        var errors = arguments.InvocationConfiguration.Error;
        try
        {
            return await work(Open());
        }
        catch (StorageNotNamedException e)
        {
            await errors.WriteLineAsync(e.Message);
            return ExitCodes.Usage;
        }
        catch (OperationCanceledException)
        {
            await errors.WriteLineAsync("Stopped.");
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is TrainingDataException or NiftiRejectedException or DamagedDataException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(e.Message);
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or Azure.Identity.AuthenticationFailedException)
        {
            await errors.WriteLineAsync($"The storage of the training data cannot be used ({ReasonOf(e)}): check {Connections.Slices}, and that the storage runs and has the container {Containers.TrainingData}.");
            return ExitCodes.Failure;
        }
    }

    private BlobServiceClient Open()
    {
        try
        {
            return StorageConnection.Open(Connections.Slices, setting);
        }
        catch (InvalidOperationException e)
        {
            throw new StorageNotNamedException(e.Message, e);
        }
    }

    private static string ReasonOf(Exception e) => e is RequestFailedException { ErrorCode: { Length: > 0 } code } ? code : e.GetType().Name;

    private sealed class StorageNotNamedException(string message, Exception innerException) : Exception(message, innerException);
}
