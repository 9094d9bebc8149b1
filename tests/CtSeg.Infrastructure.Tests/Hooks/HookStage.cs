using System.Diagnostics;
using CtSeg.Local.Stack;

namespace CtSeg.Infrastructure.Tests.Hooks;

/// <summary>A copy of the hooks of azd, and in place of the programs that they call ones that note each call and answer as they are told.</summary>
internal sealed class HookStage : IDisposable
{
    private static readonly string[] Programs = ["az", "azd", "curl", "docker", "dotnet", "git", "sleep", "uname"];

    // Answers are lines of a file: how many calls it is for (none: all), exit code, a part of the call, what is said.
    private const string Fake = """
        #!/usr/bin/env bash
        stage=${BASH_SOURCE[0]%/bin/*}
        name=${BASH_SOURCE[0]##*/}
        call="$name $*"
        printf '%s\n' "$call" >> "$stage/calls"
        next=
        for argument in "$@"; do
            case $argument in
                @*) cat "${argument#@}" >> "$stage/files" ;;
                type=local,dest=*) into=${argument#*dest=} ;;
            esac
            if [ "$next" = -o ] && [ "$name" = dotnet ]; then into=$argument; fi
            next=$argument
        done
        if [ -n "${into:-}" ]; then mkdir -p "$into" && cp "$stage/program" "$into/ctseg-functions"; fi
        found=
        : > "$stage/left"
        while IFS='|' read -r times code part said; do
            if [ -z "$found" ] && [ "$times" != 0 ] && [[ $call == *"$part"* ]]; then
                found=yes exit=$code answer=$said
                if [ -n "$times" ]; then times=$((times - 1)); fi
            fi
            printf '%s|%s|%s|%s\n' "$times" "$code" "$part" "$said" >> "$stage/left"
        done < "$stage/answers"
        mv "$stage/left" "$stage/answers"
        if [ "${exit:-0}" != 0 ]; then printf '%s\n' "$answer" >&2; exit "$exit"; fi
        if [ -n "${answer:-}" ]; then printf '%s\n' "$answer"; fi
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-hooks-").FullName;

    public HookStage()
    {
        var root = Checkout.Find().Root;
        foreach (var script in Directory.GetFiles(Path.Combine(root, "infra-bicep", "hooks")).Append(Path.Combine(root, "build", "check-glibc.sh")))
        {
            var copy = Path.Combine(Root, Path.GetRelativePath(root, script));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(script, copy);
        }
        Directory.CreateDirectory(Path.Combine(_folder, "bin"));
        foreach (var program in Programs)
        {
            var path = Path.Combine(_folder, "bin", program);
            File.WriteAllText(path, Fake);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        File.WriteAllText(Path.Combine(_folder, "answers"), "");
        Publishes("GLIBC_2.2.5 GLIBC_2.27 GLIBC_2.3");
        Answer("az group exists", "false");
        Answer("uname", "Linux x86_64");
    }

    public static string? Missing { get; } = OperatingSystem.IsWindows() ? "The hooks run in bash." : null;

    /// <value>What azd gives to a hook: by default the outputs of a template that is open to the internet, on processors.</value>
    public Dictionary<string, string> Variables { get; } = new()
    {
        ["AZURE_ENV_NAME"] = "dev", ["AZURE_SUBSCRIPTION_ID"] = "SUB", ["AZURE_RESOURCE_GROUP"] = "rg-ctseg-dev",
        ["AZURE_CONTAINER_REGISTRY_ENDPOINT"] = "reg.azurecr.io", ["CTSEG_EVENTS_BY_QUEUE"] = "false", ["CTSEG_JOB_BACKEND"] = "cpu",
        ["CTSEG_SEGMENTATION_JOB"] = "job-segmentation-dev", ["CTSEG_RETRAINING_JOB"] = "job-retraining-dev",
        ["CTSEG_FUNCTIONS_HOSTING"] = "FlexConsumption", ["CTSEG_FUNCTIONS_NAME"] = "func", ["CTSEG_FUNCTIONS_HOST"] = "func.example.org",
        ["CTSEG_STORAGE_ACCOUNT"] = "account", ["CTSEG_EVENTS_TOPIC"] = "topic",
    };

    /// <value>Every call of a program, in order.</value>
    public IReadOnlyList<string> Calls => Lines("calls");

    /// <value>What was in the files that were given to programs.</value>
    public string Files => string.Join('\n', Lines("files"));

    private string Root => Path.Combine(_folder, "root");

    /// <summary>The first answer that fits a call is given; a later one of this method comes before an earlier one.</summary>
    public void Answer(string part, string said = "", int exitCode = 0, int? times = null)
    {
        var file = Path.Combine(_folder, "answers");
        File.WriteAllText(file, $"{times}|{exitCode}|{part}|{said}\n{File.ReadAllText(file)}");
    }

    /// <summary>What docker and dotnet leave as the program of the functions.</summary>
    public void Publishes(string content) => File.WriteAllText(Path.Combine(_folder, "program"), content);

    public async Task<(int ExitCode, string Said)> RunAsync(string hook)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Root, "infra-bicep", "hooks", hook)])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = $"{Path.Combine(_folder, "bin")}:/usr/local/bin:/usr/bin:/bin";
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var complaints = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await said + await complaints);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Lines(string name) => File.Exists(Path.Combine(_folder, name)) ? File.ReadAllLines(Path.Combine(_folder, name)) : [];
}
