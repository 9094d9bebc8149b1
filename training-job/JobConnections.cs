using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.Processes;
using CtSeg.Scans;
using CtSeg.ServiceBus;

namespace CtSeg.TrainingJob;

/// <summary>
/// Storage and Service Bus that a command of the job works on: those of the environment, else those of the stack that <c>./ctseg up</c> runs in this
/// checkout. Never some of the one and some of the other.
/// </summary>
internal sealed class JobConnections
{
    private const string StorageUri = $"{Connections.Slices}__blobServiceUri";
    private const string BusNamespace = $"{Connections.ServiceBus}__fullyQualifiedNamespace";

    private JobConnections(Func<string, string?> setting) => Setting = setting;

    /// <value>Looks a connection setting up; null when it is not set.</value>
    public Func<string, string?> Setting { get; }

    public bool HasServiceBus => IsSet(Setting, Connections.ServiceBus, BusNamespace);

    /// <summary>Looks into the environment, then for a stack of this checkout.</summary>
    /// <param name="needsServiceBus">Whether the command cannot do without; storage is always needed.</param>
    /// <param name="problems">One sentence each: what is missing and what to set; empty when all is there.</param>
    /// <returns>Null where something is missing.</returns>
    public static JobConnections? Find(bool needsServiceBus, out IReadOnlyList<string> problems) =>
        Find(needsServiceBus, Environment.GetEnvironmentVariable, RunningStackNote.FindFile(), out problems);

    /// <summary>Looks one setting up, in the environment or of a stack of this checkout.</summary>
    public static string? Lookup(string name) => Choose(Environment.GetEnvironmentVariable, RunningStackNote.FindFile()).Setting(name);

    /// <param name="environment">Looks an environment variable up; null when it is not set.</param>
    /// <param name="noteFile">Where a running stack would have left its connections; null where there can be none.</param>
    public static JobConnections? Find(bool needsServiceBus, Func<string, string?> environment, string? noteFile, out IReadOnlyList<string> problems)
    {
        var (setting, hint) = Choose(environment, noteFile);
        var found = new List<string>();
        Require(found, setting, Connections.Slices, StorageUri, hint);
        if (needsServiceBus)
            Require(found, setting, Connections.ServiceBus, BusNamespace, hint);
        problems = found;
        return found.Count == 0 ? new JobConnections(setting) : null;
    }

    /// <exception cref="FormatException">The connection string cannot be read.</exception>
    public BlobServiceClient OpenStorage() => StorageConnection.Open(Connections.Slices, Setting);

    /// <returns>Null where no Service Bus is set.</returns>
    /// <exception cref="FormatException">The connection string lacks something.</exception>
    public IServiceBusClient? OpenServiceBus() => HasServiceBus ? ServiceBusConnection.Open(Connections.ServiceBus, Setting) : null;

    private static (Func<string, string?> Setting, string Hint) Choose(Func<string, string?> environment, string? noteFile)
    {
        if (IsSet(environment, Connections.Slices, StorageUri) || IsSet(environment, Connections.ServiceBus, BusNamespace))
            return (environment, "");
        if (noteFile is null || !File.Exists(noteFile))
            return (environment, " Or start a system on this machine with ./ctseg up: commands find it by themselves.");
        if (RunningStackNote.Read(noteFile) is not { } note)
            return (environment, $" {noteFile} cannot be read and is ignored: start ./ctseg up again.");
        return note.IsAlive()
            ? (note.Settings.GetValueOrDefault, "")
            : (environment, $" The system that {noteFile} tells of has ended: start ./ctseg up again, and leave its terminal open.");
    }

    private static void Require(List<string> problems, Func<string, string?> setting, string name, string identity, string hint)
    {
        if (!IsSet(setting, name, identity))
            problems.Add($"{name} is not set: set the environment variable {name} to a connection string, or {identity} to an address that is entered with the identity of the process.{hint}");
    }

    private static bool IsSet(Func<string, string?> setting, string name, string identity) =>
        !string.IsNullOrEmpty(setting(name)) || !string.IsNullOrEmpty(setting(identity));
}
