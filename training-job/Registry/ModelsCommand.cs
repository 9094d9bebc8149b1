using System.CommandLine;
using Azure;
using Azure.Identity;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`ctseg-job models`: the models in storage, and which of them serves.</summary>
internal static class ModelsCommand
{
    /// <value>Of every command here that loads a model.</value>
    public static Option<string?> TrustedKeysOption { get; } = PathOption.Create(
        "--trusted-keys",
        $"File with public keys: a model that none of them signed is refused. {Contracts.Settings.TrustedModelKeys} of the environment if not given; else none is needed.");

    private const string Description = """
        The models in storage: list and compare them, choose which one serves.

        Storage comes from the environment, or from a system that ./ctseg up runs here.

        Examples:
          models list
          models promote 2026.4                          if it is proven better on the locked set
          models rollback --reason "masks look wrong"    back to the model that served before
        """;

    /// <param name="open">Reaches the storage; takes the file of trusted keys.</param>
    public static Command Create(Func<string?, RegistryAccess>? open = null)
    {
        open ??= RegistryAccess.Open;
        return new Command("models", Description)
        {
            ListModelsCommand.Create(open),
            ShowModelCommand.Create(open),
            PromoteCommand.Create(open),
            RollbackCommand.Create(open),
            CompareCommand.Create(open),
            HistoryCommand.Create(open),
            PublishCommand.Create(open),
            SignCommand.Create(open),
            KeygenCommand.Create(),
            TrainedOnCommand.Create(),
        };
    }

    /// <summary>Runs a command and says what went wrong in one sentence.</summary>
    public static async Task<int> RunAsync(Func<Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is RegistryUnavailableException or NotComparableException or DamagedModelException or ModelExistsException or AliasMoveRefusedException
            or UntrustedModelException or DamagedDataException or TrainingDataException or ModelFolderException or DeviceUnavailableException or InvalidDataException
            or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or HttpRequestException or AuthenticationFailedException or TimeoutException or OperationCanceledException)
        {
            // The message of the exception shows addresses and signed headers.
            await Console.Error.WriteLineAsync($"The storage does not answer as it should ({(e as RequestFailedException)?.ErrorCode ?? e.GetType().Name}): check that it can be reached and holds the containers, then try again.");
            return ExitCodes.Failure;
        }
    }
}
