using CtSeg.Local.Processes;

namespace CtSeg.Local.Stack;

/// <summary>Where the built programs and their files lie in this checkout.</summary>
internal sealed record Checkout(string Root)
{
    private const string Marker = "Serverless.sln";
    private static readonly string Exe = OperatingSystem.IsWindows() ? ".exe" : string.Empty;

    public string State => Path.Combine(Root, ".ctseg");
    public string Runs => Path.Combine(State, "runs");
    public string LocalProgram => Path.Combine(OutputOf("local"), "ctseg-local" + Exe);
    public string FunctionsOutput => OutputOf("functions");
    public string Tests => Path.Combine(Root, "tests");
    public string Azurite => Path.Combine(Root, "local", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js");
    public string AzuriteLifeline => Path.Combine(Root, "local", "azurite", "lifeline.cjs");
    public string Weights => Path.Combine(Root, "training-job", "weights");
    public string TestModel => Path.Combine(Tests, "TestModel");

    /// <value>The node that set-up found, else the one in PATH.</value>
    public string Node => Environment.GetEnvironmentVariable("CTSEG_NODE") is { Length: > 0 } node ? node : "node";

    /// <value>The job's output folder carries the runtime identifier.</value>
    /// <exception cref="StartFailedException">It was not built.</exception>
    public string JobProgram
    {
        get
        {
            var output = OutputOf("training-job");
            var programs = Directory.Exists(output) ? Directory.GetFiles(output, "ctseg-job" + Exe, SearchOption.AllDirectories) : [];
            return programs is [var program, ..]
                ? program
                : throw new StartFailedException($"The job was not built: there is no ctseg-job below {output}. Run ./ctseg, which builds it.");
        }
    }

    /// <summary>The checkout this program was built in.</summary>
    /// <exception cref="StartFailedException">The program was moved out of its checkout.</exception>
    public static Checkout Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, Marker)))
                return new Checkout(folder.FullName);
        throw new StartFailedException($"No folder above {AppContext.BaseDirectory} holds {Marker}: run ./ctseg in a checkout.");
    }

    private string OutputOf(string project) => Path.Combine(Root, project, "bin", "Release", "net10.0");
}
