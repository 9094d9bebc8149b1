using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Configuration;

/// <summary>The queues that the emulator serves.</summary>
internal sealed record EmulatorConfig(IReadOnlyList<QueueSettings> Queues)
{
    /// <summary>Reads a file in the format of Microsoft's Service Bus emulator.</summary>
    /// <exception cref="EmulatorConfigException">The file cannot be read or says something that the emulator does not understand.</exception>
    public static async Task<EmulatorConfig> LoadAsync(string path, CancellationToken cancellationToken)
    {
        string json;
        try
        {
            json = await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmulatorConfigException($"The configuration file '{path}' cannot be read: {e.Message} Give the path of an existing file with --config.", e);
        }
        return Parse(json);
    }

    /// <inheritdoc cref="LoadAsync"/>
    public static EmulatorConfig Parse(string json) => new EmulatorConfigParser(json).Parse();
}

/// <summary>The configuration is wrong: one sentence with where, what and what to do.</summary>
internal sealed class EmulatorConfigException : Exception
{
    public EmulatorConfigException() { }
    public EmulatorConfigException(string message) : base(message) { }
    public EmulatorConfigException(string message, Exception innerException) : base(message, innerException) { }
}
