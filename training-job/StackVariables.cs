using System.Runtime.InteropServices;
using CtSeg.Configuration;

namespace CtSeg.TrainingJob;

/// <summary>What a running stack wants in the environment of its programs: the libraries read it there, not from settings.</summary>
internal static partial class StackVariables
{
    private static readonly string[] Names = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "SSL_CERT_FILE", ConnectionIdentity.DefaultClientId];

    /// <summary>Call it before the first connection over TLS: which certificates are trusted is read once.</summary>
    /// <param name="settings">Of the stack.</param>
    public static void Apply(IReadOnlyDictionary<string, string> settings)
    {
        foreach (var name in Names)
        {
            if (!settings.TryGetValue(name, out var value))
                continue;
            Environment.SetEnvironmentVariable(name, value);
            // OpenSSL asks the C library, which .NET does not tell.
            if (OperatingSystem.IsLinux())
                _ = SetEnv(name, value, overwrite: 1);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
