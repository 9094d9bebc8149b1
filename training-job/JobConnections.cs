using Azure.Storage.Blobs;
using CtSeg.Configuration;
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
    private JobConnections(Func<string, string?> setting) => Setting = setting;

    /// <value>Looks a connection setting up; null when it is not set.</value>
    public Func<string, string?> Setting { get; }

    public bool HasServiceBus => SettingCatalogue.ServiceBus.IsSet(Setting);

    /// <summary>Looks into the environment, then for a stack of this checkout.</summary>
    /// <param name="needsServiceBus">Whether the command cannot do without; storage is always needed.</param>
    /// <param name="problems">One sentence each: what is missing and what to set; empty when all is there.</param>
    /// <returns>Null where something is missing.</returns>
    public static JobConnections? Find(bool needsServiceBus, out IReadOnlyList<string> problems) =>
        Find(needsServiceBus, EnvironmentSettings.Read(), RunningStackNote.FindFile(), out problems);

    /// <summary>Looks one setting up, in the environment or of a stack of this checkout.</summary>
    public static string? Lookup(string name) => Choose(EnvironmentSettings.Read(), RunningStackNote.FindFile()).Setting(name);

    /// <param name="environment">Environment variables by name.</param>
    /// <param name="noteFile">Where a running stack would have left its connections; null where there can be none.</param>
    public static JobConnections? Find(bool needsServiceBus, IReadOnlyDictionary<string, string> environment, string? noteFile, out IReadOnlyList<string> problems)
    {
        var (setting, hint) = Choose(environment, noteFile);
        var reader = new SettingsReader(setting);
        reader.Check(SettingCatalogue.DefaultClientId);
        reader.CheckNames(environment.Keys);
        problems = [
            .. ProblemsOf(SettingCatalogue.Slices, isNeeded: true),
            .. ProblemsOf(SettingCatalogue.ServiceBus, needsServiceBus),
            .. reader.Problems];
        return problems.Count == 0 ? new JobConnections(setting) : null;

        IEnumerable<string> ProblemsOf(ConnectionSettings connection, bool isNeeded)
        {
            var isSet = connection.IsSet(setting);
            var wrong = connection.ProblemsOf(setting, needed: isSet ? 1 : 0);
            return isSet || !isNeeded ? wrong : [.. wrong, connection.Missing() + hint];
        }
    }

    public BlobServiceClient OpenStorage() => StorageConnection.Open(Connections.Slices, Setting);

    /// <returns>Null where no Service Bus is set.</returns>
    /// <exception cref="FormatException">The connection string lacks something.</exception>
    public IServiceBusClient? OpenServiceBus() => HasServiceBus ? ServiceBusConnection.Open(Connections.ServiceBus, Setting) : null;

    private static (Func<string, string?> Setting, string Hint) Choose(IReadOnlyDictionary<string, string> environment, string? noteFile)
    {
        Func<string, string?> own = environment.GetValueOrDefault;
        if (SettingCatalogue.Slices.IsSet(own) || SettingCatalogue.ServiceBus.IsSet(own))
            return (own, "");
        if (noteFile is null || !File.Exists(noteFile))
            return (own, " Or start a system on this machine with ./ctseg up: commands find it by themselves.");
        if (RunningStackNote.Read(noteFile) is not { } note)
            return (own, $" {noteFile} cannot be read and is ignored: start ./ctseg up again.");
        if (!note.IsAlive())
            return (own, $" The system that {noteFile} tells of has ended: start ./ctseg up again, and leave its terminal open.");
        StackVariables.Apply(note.Settings);
        return (note.Settings.GetValueOrDefault, "");
    }
}
