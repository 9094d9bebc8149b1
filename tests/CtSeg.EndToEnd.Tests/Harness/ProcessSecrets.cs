using System.Text;

namespace CtSeg.EndToEnd.Tests.Harness;

/// <summary>Looks for keys and connection strings in all that a process was given; Linux only.</summary>
internal static class ProcessSecrets
{
    /// <summary>Parts of connection strings, and Azurite's well-known key.</summary>
    private static readonly string[] Signs =
        ["AccountKey", "SharedAccessKey", "SharedAccessSignature", "AccountName=", "Endpoint=sb:", "UseDevelopmentStorage", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6", "CTSEG_SERVICEBUS_KEY"];

    /// <returns>What was found, as "source: sign"; empty for none.</returns>
    public static IReadOnlyList<string> Of(int process, string name) =>
    [
        .. In(File.ReadAllBytes($"/proc/{process}/environ"), $"environment of {name}"),
        .. In(File.ReadAllBytes($"/proc/{process}/cmdline"), $"arguments of {name}"),
    ];

    /// <summary>In the settings, logs and certificates of a folder.</summary>
    public static IReadOnlyList<string> InFiles(string folder) =>
    [
        .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".json" or ".log" or ".key" or ".pem" or ".txt" or ".config")
            .SelectMany(file => In(ReadShared(file), file)),
    ];

    private static IEnumerable<string> In(byte[] content, string source)
    {
        var text = Encoding.UTF8.GetString(content);
        return Signs.Where(sign => text.Contains(sign, StringComparison.OrdinalIgnoreCase)).Select(sign => $"{source}: {sign}");
    }

    // Logs are being written.
    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
