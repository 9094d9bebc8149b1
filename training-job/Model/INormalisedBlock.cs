namespace CtSeg.TrainingJob.Model;

/// <summary>A block of the network, seen as its convolutions.</summary>
internal interface INormalisedBlock
{
    IReadOnlyList<NormalisedConvolution> Convolutions { get; }
}
